package diag

// HS0801–HS0899: Proxmox VE, HS0870 and up the lab.
var runtimeCodes = []Entry{}
