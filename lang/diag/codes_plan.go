package diag

var planCodes = []Entry{}
