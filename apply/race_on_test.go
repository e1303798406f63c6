//go:build race

package apply_test

// slowly says that the race detector makes everything several times slower: tests
// of many seeds take fewer of them, and .ci/run tries the rest without it.
const slowly = true
