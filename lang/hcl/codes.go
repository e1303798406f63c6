package hcl

import "github.com/homestak/homestak/lang/diag"

// What both syntaxes have, both report under one code.
const (
	codeDeep      diag.Code = "HS0002"
	codeTooMany   diag.Code = "HS0003"
	codeUnclosed  diag.Code = "HS0014"
	codeEscape    diag.Code = "HS0015"
	codeDuplicate diag.Code = "HS0020"
	codeKey       diag.Code = "HS0025"
)

const (
	codeSyntax    diag.Code = "HS0101"
	codeBlock     diag.Code = "HS0102"
	codeLabel     diag.Code = "HS0103"
	codeMissing   diag.Code = "HS0202" // as of every field that is absent
	codeTemplate  diag.Code = "HS0104"
	codeName      diag.Code = "HS0105"
	codeNumber    diag.Code = "HS0106"
	codeFor       diag.Code = "HS0107"
	codeSeparator diag.Code = "HS0108"
	codeLine      diag.Code = "HS0109"
	codeChain     diag.Code = "HS0110"
	codeUnknown   diag.Code = "HS0111"
)
