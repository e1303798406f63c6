package apply

import "context"

// Some steps need no look at what they did: PVE has said so, and a step after them
// reads it anyway. They cost one call, not two.

// A start that ends well has a machine that runs; guest.await sees what becomes of it.
func (o guestStart) verify(context.Context) error { return nil }

// An unlink that is accepted has let go of the disk and removed it.
func (o seedDiskRemove) verify(context.Context) error { return nil }

// A removal that ends well has removed the file.
func (o seedUploadRemove) verify(context.Context) error { return nil }

// The change was accepted for the digest it was decided on: the notes are as they
// were sent.
func (o guestReady) verify(context.Context) error { return nil }
