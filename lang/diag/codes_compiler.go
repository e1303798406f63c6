package diag

// HS0201–HS0499, HS0551–HS0599: names, types, topology, secrets that are referenced.
var compilerCodes = []Entry{}
