package diag

import "slices"

// warnings are the codes whose findings are warnings. Those of HS0940 can be
// either, which the finding itself says.
var warnings = []Code{
	"HS0175",
	"HS0203", "HS0205", "HS0206", "HS0238", "HS0241", "HS0248",
	"HS0284", "HS0290", "HS0310", "HS0411", "HS0423", "HS0553", "HS0554", "HS0567", "HS0940",
}

// Severity is what a finding of this code usually is.
func (c Code) Severity() Severity {
	if slices.Contains(warnings, c) {
		return Warning
	}
	return Error
}
