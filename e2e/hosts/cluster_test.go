package hosts

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
)

const token = "e2e-admin-token"

// cluster is etcd and kube-apiserver, without any controllers.
type cluster struct {
	address, kubeconfig string
	client              *http.Client
	etcd, apiserver     *exec.Cmd
}

func startCluster(folder string) (_ *cluster, err error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	c := &cluster{address: "https://127.0.0.1:" + ports[2], kubeconfig: filepath.Join(folder, "kubeconfig")}
	defer func() {
		if err != nil {
			c.stop()
		}
	}()
	if err := writeCredentials(folder); err != nil {
		return nil, err
	}
	client, peer := "http://127.0.0.1:"+ports[0], "http://127.0.0.1:"+ports[1]
	if c.etcd, err = startLogged(folder, "etcd",
		"--name", "e2e", "--data-dir", filepath.Join(folder, "etcd"), "--log-level", "error", "--unsafe-no-fsync",
		"--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
		"--initial-advertise-peer-urls", peer, "--initial-cluster", "e2e="+peer); err != nil {
		return nil, err
	}
	key := filepath.Join(folder, "sa.key")
	if c.apiserver, err = startLogged(folder, "kube-apiserver",
		"--etcd-servers="+client, "--bind-address=127.0.0.1", "--secure-port="+ports[2], "--endpoint-reconciler-type=none",
		"--cert-dir="+filepath.Join(folder, "certs"), "--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+key, "--service-account-signing-key-file="+key,
		"--token-auth-file="+filepath.Join(folder, "tokens.csv"), "--authorization-mode=RBAC",
		"--service-cluster-ip-range=10.96.0.0/16"); err != nil {
		return nil, err
	}
	return c, c.waitReady(folder)
}

func freePorts(n int) (ports []string, err error) {
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close() // only in the end, so that all differ
		ports = append(ports, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	}
	return ports, nil
}

func writeCredentials(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return errors.Join(
		os.WriteFile(filepath.Join(folder, "sa.key"), text, 0o600),
		os.WriteFile(filepath.Join(folder, "tokens.csv"), []byte(token+`,admin,admin-uid,"system:masters"`+"\n"), 0o600))
}

func startLogged(folder, name string, args ...string) (*exec.Cmd, error) {
	log, err := os.Create(filepath.Join(folder, name+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command := exec.Command(filepath.Join(work, "bin", name), args...)
	command.Stdout, command.Stderr = log, log
	return command, start(command)
}

// waitReady waits for the namespace default, which comes after all else.
func (c *cluster) waitReady(folder string) error {
	certificate := filepath.Join(folder, "certs/apiserver.crt")
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		text, err := os.ReadFile(certificate)
		pool := x509.NewCertPool()
		if err != nil || !pool.AppendCertsFromPEM(text) {
			continue
		}
		c.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}, Timeout: time.Minute}
		if status, _, err := c.do(http.MethodGet, "/api/v1/namespaces/default", "", nil); err == nil && status == http.StatusOK {
			return os.WriteFile(c.kubeconfig, fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: e2e
clusters: [{name: e2e, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: e2e, user: {token: %s}}]
contexts: [{name: e2e, context: {cluster: e2e, user: e2e}}]
`, c.address, certificate, token), 0o600)
		}
	}
	log, _ := os.ReadFile(filepath.Join(folder, "kube-apiserver.log"))
	return fmt.Errorf("kube-apiserver is not ready after 3 minutes; the end of its log:\n%s", log[max(0, len(log)-2000):])
}

// stop ends the API server before the store that it writes to.
func (c *cluster) stop() {
	for _, command := range []*exec.Cmd{c.apiserver, c.etcd} {
		if command != nil && command.Process != nil {
			kill(command)
		}
	}
}

func (c *cluster) do(method, path, contentType string, body []byte) (status int, answer []byte, err error) {
	request, err := http.NewRequest(method, c.address+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := c.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// namespace makes a namespace unless it is there.
func (c *cluster) namespace(t *testing.T, name string) string {
	body := fmt.Appendf(nil, `{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": %q}}`, name)
	status, answer, err := c.do(http.MethodPost, "/api/v1/namespaces", "application/json", body)
	require.NoError(t, err)
	require.Contains(t, []int{http.StatusCreated, http.StatusConflict}, status, string(answer))
	return name
}

// policies returns the network policies of a namespace by their names.
func (c *cluster) policies(t *testing.T, namespace string) map[string]networkingv1.NetworkPolicy {
	status, answer, err := c.do(http.MethodGet, "/apis/networking.k8s.io/v1/namespaces/"+namespace+"/networkpolicies", "", nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status, string(answer))
	var list networkingv1.NetworkPolicyList
	require.NoError(t, json.Unmarshal(answer, &list))
	found := map[string]networkingv1.NetworkPolicy{}
	for _, policy := range list.Items {
		found[policy.Name] = policy
	}
	return found
}

// count counts objects of the core API.
func (c *cluster) count(t *testing.T, namespace, resource string) int {
	status, answer, err := c.do(http.MethodGet, "/api/v1/namespaces/"+namespace+"/"+resource, "", nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status, string(answer))
	var list struct{ Items []json.RawMessage }
	require.NoError(t, json.Unmarshal(answer, &list))
	return len(list.Items)
}

// requireAccepted lets the API server decide on a policy, as far as it can
// without storing it.
func (c *cluster) requireAccepted(t *testing.T, policy map[string]any) {
	status, answer := c.dryRun(t, policy)
	require.Equal(t, http.StatusCreated, status, answer)
}

func (c *cluster) dryRun(t *testing.T, policy map[string]any) (status int, answer string) {
	metadata, _ := policy["metadata"].(map[string]any)
	namespace, _ := metadata["namespace"].(string)
	if namespace == "" {
		namespace = "dry-run"
	}
	c.namespace(t, namespace)
	body, err := json.Marshal(policy)
	require.NoError(t, err)
	status, text, err := c.do(http.MethodPost, "/apis/networking.k8s.io/v1/namespaces/"+namespace+
		"/networkpolicies?dryRun=All&fieldValidation=Strict", "application/json", body)
	require.NoError(t, err)
	return status, string(text) + "\n" + string(body)
}
