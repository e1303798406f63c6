package diag

// HS0931–HS0949: what this version does not support yet.
var supportCodes = []Entry{}
