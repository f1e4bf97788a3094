package hosts

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/stretchr/testify/require"
)

// packagedPlugin returns the package of a release, with the program for every
// platform.
func packagedPlugin(t *testing.T) string {
	packing := exec.Command(".ci/plugin", "package")
	packing.Dir = root
	output, err := packing.CombinedOutput()
	require.NoError(t, err, string(output))
	return filepath.Join(root, "dist/netpol-merge-0.2.0.tgz")
}

// unpack unpacks a package into a folder.
func unpack(t *testing.T, packed, folder string) {
	output, err := exec.Command("tar", "-xzf", packed, "-C", folder).CombinedOutput()
	require.NoError(t, err, string(output))
}

func requireMerges(t *testing.T, h helm) {
	require.Contains(t, h.must(t, "template", "petstore", "charts/petstore", "--post-renderer", "netpol-merge"), "# from petstore-backends")
}

// TestPluginPackage takes the packed plugin the way to a user: signed, verified,
// installed, used.
func TestPluginPackage(t *testing.T) {
	h := helms[1]
	record(t, "Helm", h.version, "plugin package --sign, verify, install, template")
	folder := t.TempDir()
	unpack(t, packagedPlugin(t), folder)
	for _, platform := range []string{"linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64", "windows-amd64.exe", "windows-arm64.exe"} {
		require.True(t, isExecutable(filepath.Join(folder, "netpol-merge/netpol-merge-"+platform)), platform)
		require.Contains(t, read(t, filepath.Join(folder, "netpol-merge/plugin.yaml")), "/netpol-merge-"+platform+"\n")
	}
	secret, public := keyring(t, folder)

	h.withPluginsIn(t.TempDir())
	h.must(t, "plugin", "package", filepath.Join(folder, "netpol-merge"), "--destination", folder, "--sign", "--key", "e2e", "--keyring", secret)
	signed := filepath.Join(folder, "netpol-merge-0.2.0.tgz")
	require.Contains(t, h.must(t, "plugin", "verify", signed, "--keyring", public), "e2e")
	h.must(t, "plugin", "install", signed, "--keyring", public)
	requireMerges(t, h)

	// A package that was tampered with is refused.
	text := read(t, signed)
	write(t, signed, text+"x")
	_, _, err := h.run("plugin", "verify", signed, "--keyring", public)
	require.Error(t, err)
}

// TestPluginUpgrade installs the package without a signature, as a release has
// it, and then the next version as docs/hosts.md says. The plugin keeps its
// folder whichever way it comes.
func TestPluginUpgrade(t *testing.T) {
	h := helms[1]
	record(t, "Helm", h.version, "plugin install of the unsigned package; upgrade, uninstall")
	packed := packagedPlugin(t)
	h.withPluginsIn(t.TempDir())
	_, stderr, err := h.run("plugin", "install", packed)
	require.ErrorContains(t, err, "exit status 1")
	require.Contains(t, stderr, "plugin verification failed")
	release := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(packed))))
	defer release.Close()
	elsewhere := helm{version: h.version, data: h.data, plugins: t.TempDir()} // where Helm looks, not where it installs
	elsewhere.must(t, "plugin", "install", release.URL+"/"+filepath.Base(packed), "--verify=false")
	requireMerges(t, h)

	next := filepath.Join(t.TempDir(), "netpol-merge-0.3.0.tgz")
	folder := t.TempDir()
	unpack(t, packed, folder)
	manifest := filepath.Join(folder, "netpol-merge/plugin.yaml")
	write(t, manifest, strings.Replace(read(t, manifest), "version: 0.2.0", "version: 0.3.0", 1))
	output, err := exec.Command("tar", "-C", folder, "-czf", next, "netpol-merge").CombinedOutput()
	require.NoError(t, err, string(output))
	_, stderr, err = h.run("plugin", "install", next, "--verify=false")
	require.Error(t, err, "two versions of one plugin")
	require.Contains(t, stderr, "plugin already exists")
	_, _, err = h.run("plugin", "update", "netpol-merge")
	require.Error(t, err, "only for plugins from version control")

	h.must(t, "plugin", "uninstall", "netpol-merge")
	h.must(t, "plugin", "install", next, "--verify=false")
	require.Regexp(t, `(?m)^netpol-merge\s+0\.3\.0\s`, h.must(t, "plugin", "list"))
	requireMerges(t, h)
	h.must(t, "plugin", "uninstall", "netpol-merge")
	h.must(t, "plugin", "install", filepath.Join(root, "dist/plugin/netpol-merge"))
	requireMerges(t, h)
	installed, err := filepath.Glob(filepath.Join(h.plugins, "*/plugin.yaml"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(h.plugins, "netpol-merge/plugin.yaml")}, installed)
}

// TestPluginFromGit: a clone has no binaries, so that Helm must not take the
// repository for a plugin.
func TestPluginFromGit(t *testing.T) {
	for _, h := range helms {
		record(t, "Helm", h.version, "plugin install of the repository is refused")
		repository := filepath.Join(t.TempDir(), "netpol-merge.git")
		require.NoError(t, os.CopyFS(repository, os.DirFS(root)))
		for _, arguments := range [][]string{{"init"}, {"add", "--all"}, {"-c", "user.name=e2e", "-c", "user.email=e2e@example.com", "commit", "--message=all"}} {
			output, err := exec.Command("git", append([]string{"-C", repository}, arguments...)...).CombinedOutput()
			require.NoError(t, err, string(output))
		}
		h.withPluginsIn(t.TempDir())
		install := []string{"plugin", "install", "file://" + repository}
		if h.version[:1] == "4" { // which else asks for a signature
			install = append(install, "--verify=false")
		}
		_, stderr, err := h.run(install...)
		require.Error(t, err)
		require.Contains(t, stderr, "plugin metadata (plugin.yaml) missing")
		require.NotContains(t, h.must(t, "plugin", "list"), "netpol-merge")
	}
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
