package diag

// HS0101–HS0149: hcl.
var hclCodes = []Entry{}
