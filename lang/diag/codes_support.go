package diag

// HS0931–HS0949: what this version does not support yet.
var supportCodes = []Entry{
	{"HS0940", "not supported in this version", "The field or value is part of the language, and this version does not act on it yet. What upstream homestak accepts is a warning; what is new is an error, because whoever writes it counts on its effect. Remove it, or wait for the version that supports it."},
}
