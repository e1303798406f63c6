package diag

// HS0650–HS0699: guards, leases, journals, runs.
var applyCodes = []Entry{}
