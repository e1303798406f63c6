package diag

// HS0601–HS0649, HS0701–HS0799: making, reading and judging plans.
var planCodes = []Entry{}
