//go:build !race

package apply_test

const slowly = false
