package lab

// handlers binds the rows of api.txt to what runs them; a test holds the two
// equal.
func handlers() map[string]handler {
	const (
		node    = "/nodes/{node}"
		storage = node + "/storage/{storage}"
		qemu    = node + "/qemu/{vmid}"
		user    = "/access/users/{userid}"
		tokens  = user + "/token"
		role    = "/access/roles/{roleid}"
	)
	return map[string]handler{
		"GET /version":                    (*call).version,
		"GET /access/ticket":              (*call).ticketGet,
		"POST /access/ticket":             (*call).ticketCreate,
		"GET /access/domains":             (*call).domains,
		"PUT /access/password":            (*call).passwordChange,
		"GET /access/users":               (*call).userList,
		"POST /access/users":              (*call).userCreate,
		"GET " + user:                     (*call).userGet,
		"PUT " + user:                     (*call).userUpdate,
		"DELETE " + user:                  (*call).userDelete,
		"GET /access/groups":              (*call).groupList,
		"POST /access/groups":             (*call).groupCreate,
		"DELETE /access/groups/{groupid}": (*call).groupDelete,
		"GET /access/roles":               (*call).roleList,
		"POST /access/roles":              (*call).roleCreate,
		"GET " + role:                     (*call).roleGet,
		"PUT " + role:                     (*call).roleUpdate,
		"DELETE " + role:                  (*call).roleDelete,
		"GET /access/acl":                 (*call).aclList,
		"PUT /access/acl":                 (*call).aclUpdate,
		"GET /access/permissions":         (*call).permissions,

		"GET " + tokens:                   (*call).tokenList,
		"GET " + tokens + "/{tokenid}":    (*call).tokenGet,
		"POST " + tokens + "/{tokenid}":   (*call).tokenCreate,
		"DELETE " + tokens + "/{tokenid}": (*call).tokenDelete,
		"PUT " + tokens + "/{tokenid}":    (*call).tokenUpdate,
		"GET /access/groups/{groupid}":    (*call).groupGet,
		"PUT /access/groups/{groupid}":    (*call).groupUpdate,
		"GET /access":                     (*call).accessIndex,

		"GET /cluster/resources":                 (*call).clusterResources,
		"GET /cluster/nextid":                    (*call).clusterNextID,
		"GET /cluster/status":                    (*call).clusterStatus,
		"GET /cluster/tasks":                     (*call).clusterTasks,
		"GET /cluster/options":                   (*call).clusterOptions,
		"GET /cluster/ha/resources":              (*call).haResources,
		"GET /cluster/firewall/options":          (*call).firewallOptions,
		"GET " + node + "/capabilities/qemu/cpu": (*call).cpuModels,
		"GET " + node + "/query-url-metadata":    (*call).urlMetadata,
		"GET " + qemu:                            (*call).qemuIndex,
		"GET " + qemu + "/status":                (*call).qemuStatusIndex,

		"GET /pools":             (*call).poolList,
		"POST /pools":            (*call).poolCreate,
		"PUT /pools":             (*call).poolUpdate,
		"DELETE /pools":          (*call).poolDelete,
		"GET /pools/{poolid}":    (*call).poolGet,
		"PUT /pools/{poolid}":    (*call).poolUpdate,
		"DELETE /pools/{poolid}": (*call).poolDelete,

		"GET /storage":              (*call).storageList,
		"GET /storage/{storage}":    (*call).storageGet,
		"POST /storage":             (*call).storageCreate,
		"PUT /storage/{storage}":    (*call).storageUpdate,
		"DELETE /storage/{storage}": (*call).storageDelete,

		"GET /nodes":                         (*call).nodeList,
		"GET " + node + "/version":           (*call).version,
		"GET " + node + "/status":            (*call).nodeStatus,
		"GET " + node + "/network":           (*call).networkList,
		"GET " + node + "/network/{iface}":   (*call).networkGet,
		"GET " + node + "/certificates/info": (*call).certificates,

		"GET " + node + "/tasks":               (*call).taskList,
		"GET " + node + "/tasks/{upid}/status": (*call).taskStatus,
		"GET " + node + "/tasks/{upid}/log":    (*call).taskLog,
		"DELETE " + node + "/tasks/{upid}":     (*call).taskStop,

		"GET " + node + "/storage":                (*call).nodeStorageList,
		"GET " + storage + "/status":              (*call).nodeStorageStatus,
		"GET " + storage + "/content":             (*call).contentList,
		"GET " + storage + "/content/{volume}":    (*call).contentGet,
		"DELETE " + storage + "/content/{volume}": (*call).contentDelete,
		"POST " + storage + "/upload":             (*call).contentUpload,
		"POST " + storage + "/download-url":       (*call).contentDownload,

		"GET " + node + "/qemu":             (*call).qemuList,
		"POST " + node + "/qemu":            (*call).qemuCreate,
		"DELETE " + qemu:                    (*call).qemuDelete,
		"GET " + qemu + "/config":           (*call).qemuConfig,
		"PUT " + qemu + "/config":           (*call).qemuUpdateSync,
		"POST " + qemu + "/config":          (*call).qemuUpdate,
		"GET " + qemu + "/pending":          (*call).qemuPending,
		"PUT " + qemu + "/resize":           (*call).qemuResize,
		"PUT " + qemu + "/unlink":           (*call).qemuUnlink,
		"GET " + qemu + "/status/current":   (*call).qemuCurrent,
		"POST " + qemu + "/status/start":    (*call).qemuStart,
		"POST " + qemu + "/status/stop":     (*call).qemuStop,
		"POST " + qemu + "/status/shutdown": (*call).qemuShutdown,
		"POST " + qemu + "/status/reboot":   (*call).qemuReboot,
		"POST " + qemu + "/status/reset":    (*call).qemuReset,

		"POST " + qemu + "/clone":          (*call).qemuClone,
		"POST " + qemu + "/template":       (*call).qemuTemplate,
		"POST " + qemu + "/status/suspend": (*call).qemuSuspend,
		"POST " + qemu + "/status/resume":  (*call).qemuResume,
		"GET " + qemu + "/feature":         (*call).qemuFeature,
		"GET " + qemu + "/cloudinit":       (*call).cloudInitList,
		"PUT " + qemu + "/cloudinit":       (*call).cloudInitUpdate,
		"GET " + qemu + "/cloudinit/dump":  (*call).cloudInitDump,
		"POST " + qemu + "/move_disk":      (*call).qemuMove,

		"GET " + qemu + "/snapshot":                      (*call).snapshotList,
		"POST " + qemu + "/snapshot":                     (*call).snapshotCreate,
		"GET " + qemu + "/snapshot/{snapname}":           (*call).snapshotIndex,
		"DELETE " + qemu + "/snapshot/{snapname}":        (*call).snapshotDelete,
		"GET " + qemu + "/snapshot/{snapname}/config":    (*call).snapshotConfig,
		"PUT " + qemu + "/snapshot/{snapname}/config":    (*call).snapshotUpdate,
		"POST " + qemu + "/snapshot/{snapname}/rollback": (*call).snapshotRollback,

		"POST " + qemu + "/agent/ping":                  (*call).agentPing,
		"GET " + qemu + "/agent/file-read":              (*call).agentFileRead,
		"POST " + qemu + "/agent/file-write":            (*call).agentFileWrite,
		"GET " + qemu + "/agent/get-osinfo":             (*call).agentOS,
		"GET " + qemu + "/agent/get-host-name":          (*call).agentHostName,
		"GET " + qemu + "/agent/network-get-interfaces": (*call).agentInterfaces,
	}
}
