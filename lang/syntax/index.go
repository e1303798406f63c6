package syntax

// smallMap is how many fields are faster looked through than indexed.
const smallMap = 12

// Index finds the fields of a map that grows, by key. The zero Index is ready;
// it serves one map, whose fields may only be appended to.
type Index struct{ table map[string]int }

// Find returns the place of the field with this key among fields.
func (x *Index) Find(fields []Field, key string) (int, bool) {
	if len(fields) < smallMap {
		for i := range fields {
			if fields[i].Key == key {
				return i, true
			}
		}
		return 0, false
	}
	if x.table == nil {
		x.table = make(map[string]int, 2*len(fields))
	}
	for i := len(x.table); i < len(fields); i++ {
		x.table[fields[i].Key] = i
	}
	i, ok := x.table[key]
	return i, ok
}
