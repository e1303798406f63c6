package yaml

import "github.com/homestak/homestak/lang/syntax"

// plainKind is the core schema of YAML 1.2 (its section 10.3.2), by hand and
// without regular expressions because every value of a manifest passes here.
// The words of YAML 1.1 (yes, no, on, off), its octals (010), its underscores
// and its sexagesimals (22:30) are strings or decimal numbers; the text stays
// as written, so the compiler can tell and say so.
func plainKind(s string) syntax.Kind {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return syntax.Null
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return syntax.Bool
	case ".nan", ".NaN", ".NAN":
		return syntax.Float
	}
	if s[0] != '+' && s[0] != '-' && s[0] != '.' && !isDigit(s[0]) {
		return syntax.String
	}
	return numberKind(s)
}

func numberKind(s string) syntax.Kind {
	if len(s) > 2 && s[0] == '0' {
		switch {
		case s[1] == 'o' && all(s[2:], func(c byte) bool { return c >= '0' && c <= '7' }):
			return syntax.Int
		case s[1] == 'x' && all(s[2:], isHex):
			return syntax.Int
		}
	}
	if s[0] == '+' || s[0] == '-' {
		s = s[1:]
	}
	switch s {
	case ".inf", ".Inf", ".INF":
		return syntax.Float
	}
	whole := digits(s)
	rest := s[whole:]
	if rest == "" && whole > 0 {
		return syntax.Int
	}
	if len(rest) > 0 && rest[0] == '.' {
		fraction := digits(rest[1:])
		if whole+fraction == 0 {
			return syntax.String
		}
		rest = rest[1+fraction:]
	} else if whole == 0 {
		return syntax.String
	}
	if rest == "" || isExponent(rest) {
		return syntax.Float
	}
	return syntax.String
}

func isExponent(s string) bool {
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	s = s[1:]
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	return s != "" && digits(s) == len(s)
}

// digits counts the decimal digits s starts with.
func digits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func all(s string, ok func(byte) bool) bool {
	for i := 0; i < len(s); i++ {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}
