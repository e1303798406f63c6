package diag

// HS0001–HS0199: yaml, hcl, expressions, input limits.
var syntaxCodes = []Entry{}
