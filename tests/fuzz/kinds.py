"""All kinds of input that come from outside."""

from tests.fuzz.arrays import Checkpoints, ImageSets, States
from tests.fuzz.media import Fonts, Idx, Pictures
from tests.fuzz.texts import Configs, Gathered, Names, Records, Tables
from tests.fuzz.written import Whole

KINDS = [
    *(Whole, Pictures, Fonts, Idx, ImageSets, Checkpoints, States),
    *(Gathered, Tables, Records, Configs, Names),
]
