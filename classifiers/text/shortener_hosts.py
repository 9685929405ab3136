"""Hosts whose links hide where they lead."""

from __future__ import annotations

_HOSTS = """
    0rz.tw 1url.com 2.gp 2u.pw 3.ly adf.ly adfoc.us amzn.to b.link bc.vc bit.do bit.ly bitly.com
    bitly.ws bl.ink buff.ly clck.ru clicky.me cli.re cutt.ly cutt.us db.tt dlvr.it fb.me flip.it
    gg.gg goo.gl goo.su han.gl hyperurl.co ift.tt is.gd j.mp kutt.it linktr.ee lnk.to lnkd.in
    me2.do me2.kr mcaf.ee n9.cl ow.ly ouo.io p.ly po.st qps.ru qr.ae qr.net rb.gy rebrand.ly
    reurl.cc s.id sh.st short.gy short.io shorte.st shorturl.at shrtco.de snip.ly soo.gd
    surl.li t.cn t.co t.ly t2m.io tiny.cc tiny.one tinyurl.com tny.im tr.im trib.al u.nu u.to
    urlz.fr url.cn urlzs.com v.gd v.ht vk.cc vur.me vzturl.com wp.me x.co xurl.es
    yourls.org zpr.io zz.gd
"""
SHORTENERS = frozenset(_HOSTS.split())
