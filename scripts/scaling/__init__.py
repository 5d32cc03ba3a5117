"""From records to answers, room by room: comparing, tables, answers, then laws, claims and plan beside each other."""
