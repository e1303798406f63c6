package diag

// HS0150–HS0199: expressions.
var exprCodes = []Entry{}
