package merge

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"
)

// mostInvalid is how many errors are enough: 1 MiB can hold a quarter of a million.
const mostInvalid = 10_000

// Validate returns everything for which a Kubernetes 1.37 API server would
// refuse to create the policy, with the field paths it would use. A missing
// namespace is no error: the client fills it in. Of more than 10,000 errors in rules and
// requirements of selectors it returns the first.
//
// The rules are those of ValidateNetworkPolicy in
// k8s.io/kubernetes/pkg/apis/networking/validation, which is no library; what
// it takes from apimachinery is taken from there here too.
func Validate(policy *networkingv1.NetworkPolicy) field.ErrorList {
	meta := policy.ObjectMeta
	if meta.Namespace == "" {
		meta.Namespace = metav1.NamespaceDefault
	}
	path := field.NewPath("metadata")
	problems := apivalidation.ValidateObjectMeta(&meta, true, apivalidation.NameIsDNSSubdomain, path)
	problems = append(problems, validateFinalizers(meta.Finalizers, path.Child("finalizers"))...)

	path = field.NewPath("spec")
	problems = append(problems, validateSelector(&policy.Spec.PodSelector, path.Child("podSelector"))...)
	for at, rule := range AllRules(policy) {
		if len(problems) > mostInvalid {
			break
		}
		ports, peers := at.Path().Child("ports"), at.Path().Child(PeersKey(at.Direction))
		for i, port := range rule.Ports {
			problems = append(problems, validatePort(port, ports.Index(i))...)
		}
		for i, peer := range rule.Peers {
			problems = append(problems, validatePeer(peer, peers.Index(i))...)
		}
	}
	return append(problems, validatePolicyTypes(policy.Spec.PolicyTypes, path.Child("policyTypes"))...)
}

func validateFinalizers(finalizers []string, path *field.Path) (problems field.ErrorList) {
	standard := []string{string(corev1.FinalizerKubernetes), metav1.FinalizerOrphanDependents, metav1.FinalizerDeleteDependents}
	for i, name := range finalizers {
		if !strings.Contains(name, "/") && !slices.Contains(standard, name) {
			problems = append(problems, field.Invalid(path.Index(i), name, "name is neither a standard finalizer name nor is it fully qualified"))
		}
	}
	return problems
}

// validateSelector is metavalidation.ValidateLabelSelector, but for its bound.
func validateSelector(selector *metav1.LabelSelector, path *field.Path) field.ErrorList {
	if selector == nil {
		return nil
	}
	problems := metavalidation.ValidateLabels(selector.MatchLabels, path.Child("matchLabels"))
	for i, requirement := range selector.MatchExpressions {
		if len(problems) > mostInvalid {
			break
		}
		at := path.Child("matchExpressions").Index(i)
		problems = append(problems, metavalidation.ValidateLabelSelectorRequirement(requirement, metavalidation.LabelSelectorValidationOptions{}, at)...)
	}
	return problems
}

func validatePolicyTypes(types []networkingv1.PolicyType, path *field.Path) field.ErrorList {
	allowed := Directions()
	if len(types) > len(allowed) {
		return field.ErrorList{field.Invalid(path, types, "may not specify more than two policyTypes")}
	}
	var problems field.ErrorList
	for i, t := range types {
		if !slices.Contains(allowed, t) {
			problems = append(problems, field.NotSupported(path.Index(i), t, allowed))
		}
	}
	return problems
}

// protocols are those that a port may have.
func protocols() []corev1.Protocol {
	return []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}
}

func validatePort(port networkingv1.NetworkPolicyPort, path *field.Path) (problems field.ErrorList) {
	if protocol := ProtocolOf(port); !slices.Contains(protocols(), protocol) {
		problems = append(problems, field.NotSupported(path.Child("protocol"), protocol, protocols()))
	}
	invalid := func(child string, value any, messages ...string) {
		for _, message := range messages {
			problems = append(problems, field.Invalid(path.Child(child), value, message))
		}
	}
	switch {
	case port.Port == nil:
		if port.EndPort != nil {
			invalid("endPort", *port.EndPort, "may not be specified when `port` is not specified")
		}
	case port.Port.Type == intstr.String:
		if port.EndPort != nil {
			invalid("endPort", *port.EndPort, "may not be specified when `port` is non-numeric")
		}
		invalid("port", port.Port.StrVal, validation.IsValidPortName(port.Port.StrVal)...)
	default:
		invalid("port", port.Port.IntVal, validation.IsValidPortNum(int(port.Port.IntVal))...)
		if port.EndPort != nil {
			if *port.EndPort < port.Port.IntVal {
				invalid("endPort", *port.EndPort, "must be greater than or equal to `port`")
			}
			invalid("endPort", *port.EndPort, validation.IsValidPortNum(int(*port.EndPort))...)
		}
	}
	return problems
}

func validatePeer(peer networkingv1.NetworkPolicyPeer, path *field.Path) field.ErrorList {
	problems := validateSelector(peer.PodSelector, path.Child("podSelector"))
	problems = append(problems, validateSelector(peer.NamespaceSelector, path.Child("namespaceSelector"))...)
	selects := peer.PodSelector != nil || peer.NamespaceSelector != nil
	switch {
	case peer.IPBlock == nil && !selects:
		problems = append(problems, field.Required(path, "must specify a peer"))
	case peer.IPBlock != nil:
		problems = append(problems, validateIPBlock(peer.IPBlock, path.Child("ipBlock"))...)
		if selects {
			problems = append(problems, field.Forbidden(path, "may not specify both ipBlock and another peer"))
		}
	}
	return problems
}

func validateIPBlock(block *networkingv1.IPBlock, path *field.Path) field.ErrorList {
	if block.CIDR == "" {
		return field.ErrorList{field.Required(path.Child("cidr"), "")}
	}
	// Strict, as the feature gate StrictIPCIDRValidation is on since Kubernetes 1.36.
	problems := validation.IsValidCIDRForLegacyField(path.Child("cidr"), block.CIDR, true, nil)
	_, cidr, err := netutils.ParseCIDRSloppy(block.CIDR)
	if err != nil {
		return problems
	}
	for i, text := range block.Except {
		exceptPath := path.Child("except").Index(i)
		problems = append(problems, validation.IsValidCIDRForLegacyField(exceptPath, text, true, nil)...)
		_, except, err := netutils.ParseCIDRSloppy(text)
		if err != nil {
			continue
		}
		bits, _ := cidr.Mask.Size()
		exceptBits, _ := except.Mask.Size()
		if !cidr.Contains(except.IP) || bits >= exceptBits {
			problems = append(problems, field.Invalid(exceptPath, text, "must be a strict subset of `cidr`"))
		}
	}
	return problems
}
