package diag

import (
	"strings"
	"unicode"
)

// longestName is the longest text Suggest bothers with; names are shorter.
const longestName = 80

// mostSlips is how many are too many, however long a name is.
const mostSlips = 8

// Suggest finds the candidate that name was most likely meant to be, or "".
// Close means at most one slip in three characters, and no more than eight,
// where a slip is a letter wrong, missing, extra or swapped with its neighbour.
// Case, hyphens and underscores are free. The order of candidates does not
// matter.
func Suggest(name string, candidates []string) string {
	if name == "" || len(name) > longestName {
		return ""
	}
	folded := fold(name)
	limit := min(max(1, len(folded)/3), mostSlips)
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
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if diff := len(a) - len(b); diff > limit || -diff > limit {
		return limit + 1
	}
	var rows [3][longestName + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		// Only so many letters to the left and to the right can still be within
		// the limit; what is beyond counts as too far.
		from, to := max(1, i-limit), min(len(b), i+limit)
		row[from-1] = limit + 1
		if from == 1 {
			row[0] = i
		}
		least := row[from-1]
		for j := from; j <= to; j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, last[j-1]+cost)
			if j < i+limit {
				row[j] = min(row[j], last[j]+1)
			}
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
