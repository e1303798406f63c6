package diag

// HS0870–HS0899: the lab.
var labCodes = []Entry{}
