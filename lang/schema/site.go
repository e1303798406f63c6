package schema

// Site is site.yaml.
var Site = &Object{Name: "site", Doc: "What holds for every manifest.", Fields: []Field{
	{Key: "site_id", Type: UUID, New: true, Doc: "The identity every node's identity is derived from. Never change it."},
	{Key: "defaults", Type: Group, Doc: "Values for nodes and specs that name none.", Object: SiteDefaults},
	{Key: "vmids", Type: Group, New: true, Doc: "Where the plan looks for guest ids.", Object: &Object{Name: "vmids", Fields: []Field{
		{Key: "first", Type: Int, Min: 100, Max: 999999999, Default: "10000", Doc: "Lowest id."},
		{Key: "last", Type: Int, Min: 100, Max: 999999999, Default: "999999", Doc: "Highest id."},
	}}},
	{Key: "settings", Type: Group, Object: Settings, New: true, Doc: "How a run behaves, for manifests that do not say."},
}}

// SiteDefaults is the block upstream's site.yaml consists of.
var SiteDefaults = &Object{Name: "defaults", Blanks: true, Fields: []Field{
	{Key: "gateway", Type: IP, Doc: "Default route of static addresses in its subnet."},
	{Key: "dns_servers", Type: List, Elem: &Field{Type: IP}, Doc: "Name servers."},
	{Key: "domain", Type: Domain, Doc: "DNS domain."},
	{Key: "timezone", Type: Zone, Default: "UTC", Doc: "IANA name."},
	{Key: "packages", Type: List, Elem: &Field{Type: Package}, Doc: "Installed on every node."},
	{Key: "vm_user", Type: Login, Doc: "Account, with sudo and every key, of specs that name no users."},
	{Key: "bridge", Type: Bridge, Default: "vmbr0", Doc: "Bridge of the host."},
	{Key: "pve_remove_subscription_nag", Type: Bool, Default: "true", Doc: "For host specs that do not say."},
	{Key: "server_url", Type: String, Use: Later, Doc: "Spec server of nodes that pull."},
	{Key: "host_user", Type: String, Use: Retired, Default: "root", Doc: "homestak reaches hosts through their API and logs in to none."},
	{Key: "image_release", Type: String, Use: Retired, Default: "latest", Doc: "Images have a URL and a checksum in images/."},
}}

// Host is a Proxmox VE host: upstream's hosts/ and nodes/ in one.
var Host = &Object{Name: "host", Doc: "A Proxmox VE host.", Blanks: true, Fields: []Field{
	nameField,
	{Key: "node", Type: String, Doc: "Name of the PVE node; by default the file's name."},
	{Key: "endpoint", Type: URL, New: true, Doc: "URL of the API, as in https://192.0.2.1:8006."},
	{Key: "endpoints", Type: List, Elem: &Field{Type: URL}, New: true, Doc: "URLs of the API of a cluster's nodes, in order of preference."},
	{Key: "api_endpoint", Renamed: "endpoint"},
	{Key: "fingerprint", Type: String, New: true, Doc: "SHA-256 of the certificate: `pvenode cert info` on the host shows it."},
	{Key: "fingerprints", Type: List, Elem: &Field{Type: String}, New: true, Doc: "The same of several: each node of a cluster has a certificate of its own."},
	{Key: "ca", Type: String, New: true, Doc: "File of the site with the authority that signs the certificates in place of fingerprints: /etc/pve/pve-root-ca.pem of the cluster."},
	{Key: "token", Type: String, New: true, Doc: "Name of the API token in secrets.api_tokens; by default the file's name."},
	{Key: "api_token", Renamed: "token"},
	{Key: "user", Type: String, New: true, Doc: "Who logs in with a password where there is no token, as in root@pam."},
	{Key: "password", Type: String, New: true, Doc: "Name of that user's password in secrets.api_passwords; by default the file's name."},
	{Key: "datastore", Type: Storage, Doc: "Storage for guest disks."},
	{Key: "image_datastore", Type: Storage, New: true, Doc: "Storage for images and seeds."},
	{Key: "seed_datastore", Type: Storage, New: true, Doc: "Storage for seeds that are CD-ROMs: one that nobody else may look at. By default the first that takes ISO images."},
	{Key: "bridge", Type: Bridge, New: true, Use: Later, Doc: "Bridge for guests that name none; until then it is the node's `network: {bridge: …}` or the site's."},
	{Key: "via", Type: String, New: true, Doc: "How its API and its guests are reached: https://, http:// or socks5:// proxy, or ssh://."},
	{Key: "io", Type: Int, Min: 1, Max: 1024, New: true, Doc: "Copies the host does at once."},
	{Key: "ip", Type: IP, Doc: "Address of the host: its API is taken to be at port 8006."},
	{Key: "host", Type: String, Doc: "In nodes/: the machine's file in hosts/. In hosts/: the machine's name."},
	{Key: "parent_node", Type: String, Use: Record, Doc: "Upstream's note of where a nested host runs."},
	{Key: "host_user", Type: String, Use: Record, Default: "root", Doc: "homestak logs in to no host."},
	{Key: "domain", Type: String, Use: Record, Doc: "homestak does not set up physical machines."},
	{Key: "network", Type: Any, Doc: "Interfaces as upstream recorded them; the address of vmbr0 stands in for ip."},
	{Key: "storage", Type: Any, Use: Record, Doc: "Pools as upstream recorded them."},
	{Key: "hardware", Type: Any, Use: Record, Doc: "Hardware as upstream recorded it."},
	{Key: "access", Type: Any, Use: Record, Doc: "Access as upstream recorded it."},
	{Key: "ssh", Type: Any, Use: Record, Doc: "SSH settings as upstream recorded them."},
	{Key: "timezone", Type: String, Use: Record, Doc: "homestak does not set up physical machines."},
	expressionsField, variablesField, localsField,
}}
