package diag

// HS0950–HS0979: the target side.
var convergeCodes = []Entry{}
