package diag

import (
	"strings"
	"unicode"
)

// longestName is the longest text Suggest bothers with; names are shorter.
const longestName = 80

// Suggest finds the candidate that name was most likely meant to be, or "".
// Close means at most one slip in three characters, where a slip is a letter
// wrong, missing, extra or swapped with its neighbour. Case, hyphens and
// underscores are free. The order of candidates does not matter.
func Suggest(name string, candidates []string) string {
	if name == "" || len(name) > longestName {
		return ""
	}
	folded := fold(name)
	limit := max(1, len(folded)/3)
	best, bestDistance := "", limit+1
	for _, c := range candidates {
		if c == name || len(c) > longestName || len(c) > 2*len(name)+2 {
			continue
		}
		d := distance(folded, fold(c), min(limit, bestDistance))
		if d < bestDistance || d == bestDistance && d <= limit && c < best {
			best, bestDistance = c, d
		}
	}
	return best
}

func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// distance is the optimal string alignment distance of two short texts in
// bytes, or any number above limit when it is more than limit.
func distance(a, b string, limit int) int {
	if diff := len(a) - len(b); diff > limit || -diff > limit {
		return limit + 1
	}
	var rows [3][longestName + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
