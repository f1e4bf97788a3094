package hosts

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/stretchr/testify/require"
)

// TestPluginPackage takes the packed plugin the way to a user: signed, verified,
// installed, used.
func TestPluginPackage(t *testing.T) {
	h := helms[1]
	record(t, "Helm", h.version, "plugin package --sign, verify, install, template")
	folder := t.TempDir()
	packed, err := filepath.Glob(filepath.Join(root, "dist/netpol-merge-plugin-*.tgz"))
	require.NoError(t, err)
	require.Len(t, packed, 1)
	output, err := exec.Command("tar", "-xzf", packed[0], "-C", folder).CombinedOutput()
	require.NoError(t, err, string(output))
	for _, platform := range []string{"linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64", "windows-amd64.exe", "windows-arm64.exe"} {
		require.True(t, isExecutable(filepath.Join(folder, "netpol-merge-plugin/netpol-merge-"+platform)), platform)
		require.Contains(t, read(t, filepath.Join(root, "plugin.yaml")), "/netpol-merge-"+platform+"\n")
	}
	secret, public := keyring(t, folder)

	h.withPluginsIn(t.TempDir())
	h.must(t, "plugin", "package", filepath.Join(folder, "netpol-merge-plugin"), "--destination", folder, "--sign", "--key", "e2e", "--keyring", secret)
	signed := filepath.Join(folder, "netpol-merge-0.1.0.tgz")
	require.Contains(t, h.must(t, "plugin", "verify", signed, "--keyring", public), "e2e")
	h.must(t, "plugin", "install", signed, "--keyring", public)
	rendered := h.must(t, "template", "petstore", "charts/petstore", "--post-renderer", "netpol-merge")
	require.Contains(t, rendered, "# from petstore-backends")

	// A package that was tampered with is refused.
	text := read(t, signed)
	write(t, signed, text+"x")
	_, _, err = h.run("plugin", "verify", signed, "--keyring", public)
	require.Error(t, err)
}

// TestPackageAsItIs installs the package without a signature, as it comes from
// make plugin.
func TestPackageAsItIs(t *testing.T) {
	h := helms[1]
	record(t, "Helm", h.version, "plugin install of the unsigned package")
	packed, err := filepath.Glob(filepath.Join(root, "dist/netpol-merge-plugin-*.tgz"))
	require.NoError(t, err)
	require.Len(t, packed, 1)
	h.withPluginsIn(t.TempDir())
	_, stderr, err := h.run("plugin", "install", packed[0])
	require.Error(t, err, "unsigned")
	require.NotEmpty(t, stderr)
	h.must(t, "plugin", "install", packed[0], "--verify=false")
	require.Contains(t, h.must(t, "template", "petstore", "charts/petstore", "--post-renderer", "netpol-merge"), "# from petstore-backends")
}

// keyring makes a key to throw away, and the files in which Helm looks for it.
func keyring(t *testing.T, folder string) (secret, public string) {
	entity, err := openpgp.NewEntity("e2e", "", "e2e@example.com", nil)
	require.NoError(t, err)
	secret, public = filepath.Join(folder, "secret.gpg"), filepath.Join(folder, "public.gpg")
	file, err := os.Create(secret)
	require.NoError(t, err)
	require.NoError(t, entity.SerializePrivate(file, nil))
	require.NoError(t, file.Close())
	file, err = os.Create(public)
	require.NoError(t, err)
	require.NoError(t, entity.Serialize(file))
	require.NoError(t, file.Close())
	return secret, public
}
