package diag

// HS0801–HS0869: Proxmox VE.
var pveCodes = []Entry{}
