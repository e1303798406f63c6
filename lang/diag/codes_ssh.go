package diag

// HS0901–HS0930: ssh.
var sshCodes = []Entry{}
