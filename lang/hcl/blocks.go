package hcl

import (
	"maps"
	"slices"
)

// Defining lists the blocks of the top level that define something by the name
// in their label, sorted.
func Defining() []string { return slices.Sorted(maps.Keys(labelled)) }

// ItemBlocks lists the blocks that each are one item of a list, sorted.
func ItemBlocks() []string { return slices.Sorted(maps.Keys(items)) }

// ItemField is the field that lists the blocks of a type, "" when they are no
// items; label says whether such a block may have one, the item's name.
func ItemField(block string) (field string, label bool) {
	i := items[block]
	return i.field, i.field != "" && i.label != forbidden
}
