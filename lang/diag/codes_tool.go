package diag

// HS0980–HS0999: the command line; HS9901 and up: bugs in homestak.
var toolCodes = []Entry{}
