package diag

// HS0901–HS0979: ssh, targets, what this version does not support yet (HS0931–HS0949).
var targetCodes = []Entry{}
