"""Two vocabularies for made-up posts, none of whose words tells spam from ham.

All are common English. Letters at random would be read as a cipher, and trying to break it takes
more time than all else that a training does with such a post.
"""

import re

WORKSHOP = re.findall(
    r"\w+",
    """
axle chassis bearing throttle radiator manifold exhaust clutch rotor spindle forge hammer wrench
bolt screw nail drill saw plane bench clamp bracket crane lever wedge gear valve pump pipe hose
tank boiler furnace granite slate marble limestone quartz garnet topaz opal jasper onyx copper
bronze brass nickel cobalt zinc titanium tungsten iron steel alloy mortar gravel cement concrete
brick tile timber lumber maple walnut cedar pine birch willow mahogany teak bamboo piston gasket
grinder welding magnet turbine anchor mast hull deck
""",
)

STAGE = re.findall(
    r"\w+",
    """
violin cello flute trumpet clarinet harp piano organ drum guitar banjo saxophone sonata symphony
concerto opera ballet chorus choir tenor alto conductor orchestra quartet melody harmony rhythm
tempo chord scale octave sharp flat bass lyric verse refrain anthem tango jazz blues swing folk
gospel reggae canvas palette sculpture portrait landscape sketch pastel engraving mosaic pottery
ceramics weaving embroidery knitting quilt tapestry poem poet novel prose drama comedy tragedy
actor curtain theatre audience
""",
)
