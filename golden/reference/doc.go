// Package reference compares homestak with recorded data about the outside
// world: Proxmox VE's API schema and transcripts, upstream's files. The folder
// with that data is named by HOMESTAK_REFERENCE; without it these tests say
// what they left out.
package reference
