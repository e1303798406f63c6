package diag

var runtimeCodes = []Entry{}
