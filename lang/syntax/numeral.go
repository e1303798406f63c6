package syntax

import "strings"

// Decimal reports whether the text of a whole number is in the digits that all
// readers take for the same: 010 is eight to readers of YAML 1.1, ten to those
// of YAML 1.2 and of HCL, and octal and hexadecimal ones are for no field.
func Decimal(number string) bool {
	digits := strings.TrimLeft(number, "+-")
	return len(digits) < 2 || digits[0] != '0' || digits[1] == '.' || digits[1] == 'e' || digits[1] == 'E'
}
