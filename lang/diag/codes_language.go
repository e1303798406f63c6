package diag

var languageCodes = []Entry{}
