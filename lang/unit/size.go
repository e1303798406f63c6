package unit

import (
	"fmt"
	"strconv"
	"strings"
)

// Size is a number of bytes.
type Size int64

// Binary multiples. PVE counts in these, whatever letter it prints.
const (
	Byte Size = 1
	KiB       = 1024 * Byte
	MiB       = 1024 * KiB
	GiB       = 1024 * MiB
	TiB       = 1024 * GiB
)

var sizeUnits = []struct {
	name string
	size Size
}{
	{"TiB", TiB}, {"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB},
	{"T", TiB}, {"G", GiB}, {"M", MiB}, {"K", KiB}, {"B", Byte},
}

// ParseSize reads "64GiB", "64G" or a bare number of the field's unit.
// Fractions are refused: no field needs one and they hide rounding.
func ParseSize(s string, bare Size) (Size, error) {
	num, mult := strings.TrimSpace(s), bare
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(num, u.name); ok {
			num, mult = strings.TrimSpace(rest), u.size
			break
		}
	}
	n, err := strconv.ParseInt(num, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a size: write a whole number with KiB, MiB, GiB or TiB, as in 64GiB", s)
	}
	if n != 0 && int64(mult) > (1<<62)/n {
		return 0, fmt.Errorf("%q is too large for a size", s)
	}
	return Size(n) * mult, nil
}

// String prints the largest binary unit that divides s exactly.
func (s Size) String() string {
	for _, u := range sizeUnits[:4] {
		if s != 0 && s%u.size == 0 {
			return strconv.FormatInt(int64(s/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}
