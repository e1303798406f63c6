package diag

// HS0501–HS0549: site keys and the secrets file.
var keyCodes = []Entry{}
