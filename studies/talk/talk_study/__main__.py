from pathlib import Path

from realink.commands import main
from talk_study.commands import app

main(app, Path(__file__).parent)
