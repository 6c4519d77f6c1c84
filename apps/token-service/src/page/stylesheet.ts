/** The one stylesheet of the pages that people see: light and dark as the system says, from a phone's width up, without script or font of its own. */
export const stylesheet = `
:root{color-scheme:light dark;--ground:#f3f4f7;--card:#fff;--line:#dfe2e8;--strong:#c3c8d2;--text:#171a21;--soft:#565e6c;--accent:#2347d1;--accent-ink:#fff;--accent-soft:#eaeefc;--warn:#8f2d12;--warn-soft:#fdf0ea;--change:#7a4b00;--change-soft:#fdf3dc}
@media (prefers-color-scheme:dark){:root{--ground:#0e1014;--card:#171a20;--line:#2a2f39;--strong:#444b58;--text:#eceef3;--soft:#a3abb9;--accent:#8ea6ff;--accent-ink:#0c1233;--accent-soft:#1d2540;--warn:#ffb59b;--warn-soft:#33190f;--change:#f2c66d;--change-soft:#2f2610}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding:1rem 0 6rem}
body{margin:0;min-height:100vh;min-height:100dvh;background:var(--ground);color:var(--text);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;display:flex;flex-direction:column;align-items:center;padding:clamp(1rem,7vh,5rem) 1rem 2rem}
main{width:100%;max-width:27rem;background:var(--card);border:1px solid var(--line);border-radius:1rem;padding:clamp(1.5rem,6vw,2.5rem);box-shadow:0 1px 2px rgb(15 20 35/.04),0 12px 32px -12px rgb(15 20 35/.14)}
main.wide{max-width:36rem}
.brand{display:flex;align-items:center;gap:.75rem;margin:0 0 2rem;font-weight:600}
.brand img{max-height:2.5rem;max-width:9rem;border-radius:.25rem}
@media (prefers-color-scheme:dark){.brand img{padding:.25rem .375rem;background:#fff}}
.mark,.who i{flex:none;display:grid;place-items:center;font-style:normal;font-weight:650;background:var(--accent);color:var(--accent-ink)}
.mark{width:2.25rem;height:2.25rem;border-radius:.625rem}
h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.25;font-weight:650;letter-spacing:-.015em;text-wrap:balance;overflow-wrap:anywhere}
p{margin:0 0 1rem;overflow-wrap:anywhere}
.soft,small{color:var(--soft)}
h1+.note{margin-top:1rem}
h1+.soft{margin-bottom:1.75rem}
h1+.soft:has(+p){margin-bottom:1rem}
main>:last-child{margin-bottom:0}
small{font-size:.875rem}
form{margin:0}
label.field{display:block;margin:0 0 1.125rem;font-size:.9375rem;font-weight:550}
label.field input{display:block;width:100%;margin-top:.375rem;padding:.6875rem .8125rem;font:inherit;font-size:1rem;font-weight:400;color:inherit;background:var(--card);border:1px solid var(--strong);border-radius:.5rem}
button,.button{display:inline-block;width:100%;padding:.75rem 1rem;font:inherit;font-weight:600;text-align:center;border:1px solid var(--accent);border-radius:.5rem;background:var(--accent);color:var(--accent-ink);cursor:pointer}
button.second{background:none;border-color:var(--strong);color:var(--text)}
button.plain{width:auto;padding:0;border:0;background:none;font-weight:500;color:var(--accent);text-decoration:underline;text-underline-offset:.15em}
a.button{text-decoration:none}
a.button.second{background:none;border-color:var(--strong);color:var(--text)}
button:hover{filter:brightness(1.08)}
button.second:hover{background:var(--ground);filter:none}
a{color:var(--accent);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
label.field input:focus-visible{outline-offset:0}
.note{margin:0 0 1.25rem;padding:.75rem .9375rem;border-radius:.5rem;font-size:.9375rem;background:var(--warn-soft);color:var(--warn)}
.who{display:flex;align-items:center;gap:.75rem;margin:1.5rem 0;padding:.75rem .875rem;border:1px solid var(--line);border-radius:.75rem}
.who i{width:2.25rem;height:2.25rem;border-radius:50%;background:var(--accent-soft);color:var(--accent)}
.who div{min-width:0;line-height:1.35;overflow-wrap:anywhere}
.who strong{font-weight:600}
.who a{margin-left:auto;flex:none;font-size:.875rem}
h2{margin:0 0 .75rem;font-size:1rem;font-weight:500;color:var(--soft)}
.module{padding:.875rem 0 .75rem;border-top:1px solid var(--line)}
.module h3{margin:.375rem 0 0;font-size:1rem;line-height:1.5;font-weight:600;overflow-wrap:anywhere}
@media (min-width:34rem){.module{display:grid;grid-template-columns:9.5rem 1fr;column-gap:1.5rem;padding:.5rem 0}}
label.choice{display:flex;align-items:flex-start;gap:.75rem;padding:.4375rem 0;cursor:pointer}
label.choice input{flex:none;width:1.125rem;height:1.125rem;margin:.1875rem 0 0;accent-color:var(--accent)}
label.choice span{min-width:0;overflow-wrap:anywhere}
.tag{display:inline-block;margin-left:.125rem;padding:0 .4375rem;border-radius:1rem;font-size:.75rem;line-height:1.25rem;font-weight:600;white-space:nowrap;background:var(--change-soft);color:var(--change)}
.facts{margin:0 0 1.5rem;padding:1rem 0 0;border-top:1px solid var(--line);font-size:.875rem;color:var(--soft)}
.facts p{margin:0 0 .375rem}
.facts strong{font-weight:600;color:var(--text)}
.actions{display:grid;grid-template-columns:1fr 1fr;gap:.75rem;position:sticky;bottom:0;padding:.75rem 0;margin-bottom:-.75rem;background:var(--card);box-shadow:0 -.5rem .75rem -.25rem var(--card)}
p.code,label.field input.code{font:600 1.5rem/1.3 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;letter-spacing:.08em}
p.code{margin:1.25rem 0;font-size:1.75rem}
label.field input.code{padding:.75rem .8125rem;font-size:1.375rem}
label.field input::placeholder{color:var(--soft);opacity:.55}
form+.who{margin-bottom:0}
footer{margin-top:1.5rem;font-size:.8125rem;color:var(--soft);text-align:center;overflow-wrap:anywhere}
code{font:.875em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
@media (max-width:30rem){body{padding:0;background:var(--card)}main{border:0;border-radius:0;box-shadow:none}footer{padding:0 1.5rem 1.5rem}}
@media (forced-colors:active){.mark,.who i,.tag{border:1px solid}}
`;
