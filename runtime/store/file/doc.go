// Package file is a store in one directory of this machine. It is one database
// file (bbolt) whose writes that come at once share a flush to disk. One
// process has it at a time; a second one is refused.
package file
