package diag

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Code is the stable name of a kind of finding, "HS0214". Codes are never
// reused. The hundreds say who finds it:
//
//	HS00 yaml syntax and input limits   HS05 secrets and keys
//	HS01 hcl syntax                     HS06 plan: guards, stale plans, files
//	HS02 names and references           HS07 policy and lint
//	HS03 types, units, enums            HS08 Proxmox VE
//	HS04 topology, addresses            HS09 ssh, targets, not supported yet
//	                                    HS99 a bug in homestak
type Code string

// Entry describes one code for `homestak explain` and docs/reference.
type Entry struct {
	Code  Code
	Title string // constant text, lower case, no names, no full stop
	Long  string // what it means, why it is an error, how to cure it
}

// Entries lists every code in the order of the codes. Each family lives in its own file.
func Entries() []Entry {
	var all []Entry
	for _, family := range [][]Entry{
		syntaxCodes, hclCodes, exprCodes, compilerCodes, keyCodes, selectCodes, planCodes, applyCodes, pveCodes, labCodes, faultCodes,
		sshCodes, supportCodes, convergeCodes, convertCodes, toolCodes, allowCodes, scopeCodes, expandCodes, guestCodes, permCodes, hostCodes,
		identityCodes,
	} {
		all = append(all, family...)
	}
	slices.SortFunc(all, func(a, b Entry) int { return strings.Compare(string(a.Code), string(b.Code)) })
	return all
}

// Lookup finds the entry of a code.
func Lookup(c Code) (Entry, bool) {
	e, ok := byCode()[c]
	return e, ok
}

// byCode is Entries as a table, for findings come by the hundred thousand. It
// is made once and never changed.
var byCode = sync.OnceValue(func() map[Code]Entry {
	table := map[Code]Entry{}
	for _, e := range Entries() {
		table[e.Code] = e
	}
	return table
})

// Errorf makes an error diagnostic with no place in a source.
func (c Code) Errorf(format string, args ...any) *Diagnostic {
	return &Diagnostic{Code: c, Message: fmt.Sprintf(format, args...)}
}

// Warnf makes a warning diagnostic with no place in a source.
func (c Code) Warnf(format string, args ...any) *Diagnostic {
	return &Diagnostic{Code: c, Severity: Warning, Message: fmt.Sprintf(format, args...)}
}
