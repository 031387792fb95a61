package session

// Protocol is the number of this protocol; another number means another protocol.
const Protocol = 2

// Request is one `helm template`.
type Request struct {
	// ID is given back with the answer.
	ID uint64 `json:"id"`
	// Cancel names a request whose answer nobody waits for any more; nothing else counts then.
	Cancel uint64 `json:"cancel,omitempty"`

	Chart     string `json:"chart"`
	Release   string `json:"release"`
	Namespace string `json:"namespace"`
	// ValuesFiles are those of --values, in their order.
	ValuesFiles []string `json:"valuesFiles"`
	// Values tells whether the frame's bytes are values over the files, as `--values -` takes them.
	Values      bool     `json:"values"`
	Set         []string `json:"set"`
	SetString   []string `json:"setString"`
	SetJSON     []string `json:"setJson"`
	KubeVersion string   `json:"kubeVersion"`
	// OtherKubeVersions are versions the same is going to be asked for.
	OtherKubeVersions []string `json:"otherKubeVersions"`
	APIVersions       []string `json:"apiVersions"`
	IncludeCRDs       bool     `json:"includeCrds"`
	SkipTests         bool     `json:"skipTests"`

	// InPlace are the frame's bytes.
	InPlace []byte `json:"-"`
}

// Greeting is the first frame a worker writes.
type Greeting struct {
	Protocol int `json:"protocol"`
	// Helm is the version of Helm this worker is, as 4.3.1.
	Helm string `json:"helm"`
	// AtOnce is how many requests it works on at the same time; those beyond wait unread.
	AtOnce int `json:"atOnce"`
}

// Answer tells what became of a request. The frame's bytes are what Helm writes to its standard output,
// and then what it writes to its standard error.
type Answer struct {
	ID uint64 `json:"id"`
	// Failed tells whether the command would have ended with an error.
	Failed bool `json:"failed"`
	// Output is the length of the standard output; the rest is standard error.
	Output int `json:"output"`
	// Declined is why this request has to go to the command; nothing was rendered then.
	Declined string `json:"declined,omitempty"`
	// AlsoFor are those of the other versions of Kubernetes for which the answer is the same.
	AlsoFor []string `json:"alsoFor,omitempty"`

	Stdout []byte `json:"-"`
	Stderr []byte `json:"-"`
}

// Rendered is what Helm writes to its standard output, and for which other versions of Kubernetes it would
// write the same.
type Rendered struct {
	Output  []byte
	AlsoFor []string
}
