package diag

// Suggest finds the candidate that name was most likely meant to be, or "".
func Suggest(name string, candidates []string) string { return "" }
