// Package journal remembers what a run was about to do, across kill -9.
//
// In: records, appended and on disk before Append returns. Out: at the next
// Open, the records of earlier lives of the same plan, and a History made from
// them. It never decides anything: a journal is a cache, and a run whose journal
// is lost reaches the same end state by probing.
//
//	file   = header record*
//	header = "homestak journal 1\n"
//	record = length(4, big endian) payload(CBOR) chain(32)
//	chain  = SHA-256(chain of the record before, length, payload)
//
// The first record's predecessor is the SHA-256 of the header. A file that ends
// in half a record, or in which a bit flipped, is good up to the record before;
// the rest is cut off when it is opened for writing.
//
// One file per plan digest; one lock per manifest, so that two runs on one
// machine exclude each other before they meet at the host's lease.
package journal
