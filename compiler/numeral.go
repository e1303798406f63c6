package compiler

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/syntax"
)

// decimal reports a whole number that is not in plain digits, and returns
// whether it is.
func (f *findings) decimal(n *syntax.Node, want schema.Type, what string) bool {
	if n.Kind != syntax.Int || syntax.Decimal(n.Text) {
		return true
	}
	d := f.errorAt(codeWrongType, n.Range, "%s has to be %s in plain digits, not %s", what, want, shortened(n.Text))
	d.Help = "write it in decimal, without zeros before it"
	sign, digits := "", n.Text
	if strings.ContainsAny(digits[:1], "+-") {
		sign, digits = digits[:1], digits[1:]
	}
	if digits[1] == 'x' || digits[1] == 'o' {
		if v, err := strconv.ParseUint(digits, 0, 63); err == nil {
			plain := sign + strconv.FormatUint(v, 10)
			d.Help, d.Fixes = "write "+plain, put(n.Range, plain)
		}
		return false
	}
	plain := strings.TrimLeft(digits[:len(digits)-1], "0") + digits[len(digits)-1:]
	d.Help = fmt.Sprintf("write %s if you mean that", sign+plain)
	if octal, err := strconv.ParseUint(digits, 8, 63); err == nil && sign+plain != strconv.FormatUint(octal, 10) {
		d.Label = fmt.Sprintf("%d to readers of YAML 1.1, and %s to others", octal, plain)
	}
	return false
}
