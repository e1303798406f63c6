// Package pve talks to Proxmox VE over its API: the only importer of go-proxmox.
//
//	methods ─→ go-proxmox ─→ wire (RoundTripper) ─→ pinned TLS ─→ Dialer
//	   ▲        envelope,     authorization, endpoints,             plain, SSH chain,
//	   │        JSON          typed errors, bounds                  CONNECT (ViaDialer)
//	   └─ Wait ─→ poller: one goroutine for all outstanding tasks
//
// In: Config (endpoints, the certificates or the authority that are pinned, an API
// token or a user with a password, whose tickets are renewed). Out: typed
// answers in a fixed order, UPIDs, and errors that keep PVE's own words:
//
//	*Error       PVE answered and refused      *ConnError  there was no answer
//	*CertError   it is not the pinned server   *ViaError   the tunnel failed
//	*TaskError   a task ran and failed         *WaitError  a task outlived the wait
//	*FormatError the answer makes no sense     ClassOf     what any of them means
//
// Each has Diagnostic for users. Reads are GET, and PingAgent; every other
// method writes, counts in Writes, and is never retried once it may have been
// sent. Client.Guest is a guest of either kind; methods whose name does not say
// "Guest" act on hosts, storages, pools.
//
// What is not used of go-proxmox v0.8.2, and why (each was tried):
//   - its token option: its logger prints requests, so the token stays with wire;
//   - its errors: 401 and 403 are one error without PVE's reason, a 500 loses its
//     body, and 404, 503, 595, 596 and 599 of a call without a result are nil. So
//     wire returns an error for everything but success, and none gets that far;
//   - Task.Wait: nil for a failed task, and it sleeps through cancellation;
//   - UploadReader: takes no context; Clone and NewVirtualMachine with nextid: a
//     race; WaitForAgent, CloudInit: they ignore the context or tag the guest;
//   - its types: one unexpected number fails a whole list, and Client.Version
//     writes to the shared client. Ours read any scalar as text.
//
// It stays for the request and envelope handling under read, write and remove.
package pve
