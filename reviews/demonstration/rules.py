"""What the made-up forum asks of its members."""

from __future__ import annotations

from typing import Final

GUIDELINES: Final = """\
This forum is for people who mend, grow, cook, travel and ask. Everybody may write, in any language.
Say what you know, ask what you do not, and leave room for others.

Rule: Advertising
Answer: spam
Posts that sell something and add nothing to the thread. Shops may be named where somebody asked.
Against: Best prices on branded bags, all sizes, order today and write to me on Telegram!
Against: Great article! You can also visit my page for the cheapest insurance quotes.
Fine: I bought the spare part at the shop by the station, it cost less than I had feared.

Rule: Money for nothing
Answer: spam
Promises of winnings, loans without questions, or profit without risk.
Against: I turned 200 into 9,000 in a week, my mentor takes five more people, send a message now.
Fine: Has anyone here compared savings accounts lately? Mine pays next to nothing.

Rule: Passwords and codes
Answer: spam
Posts that pose as a bank, a parcel service or as us to get at an account.
Against: Your forum account will be closed tonight. Confirm your password under the link below.
Fine: Somebody wrote to me in the name of the moderators, is that real?

Rule: Insults
Answer: remove
Posts that attack a person, or all people of one kind, and not what was said.
Against: Only somebody as thick as you could paint over wet plaster.
Fine: That advice is wrong, and it may cost you the whole wall. Here is why.

Rule: Other people's addresses
Answer: remove
Names with addresses, telephone numbers or places of work of people who did not give them here.
Against: The landlord who cheated us lives in Mill Lane 4, ring him at night.
Fine: The office's number is on its own page, they answer in the morning.

Rule: The wrong place
Answer: remove
Questions that belong to another part of the forum; say where when you remove one.
Against: Does anyone know a dentist? (in the thread on apple trees)
Fine: My tree has the same spots. Did the spray help you in the end?
"""
