"""What an encoder learns: training on images, and what was learned beside what the loss asks for."""

from hyperenergy.training.diagnosis import Diagnosis as Diagnosis
from hyperenergy.training.diagnosis import diagnose as diagnose
from hyperenergy.training.monitor import Monitor as Monitor
from hyperenergy.training.run import Run as Run
from hyperenergy.training.run import train as train
from hyperenergy.training.settings import Settings as Settings
from hyperenergy.training.settings import preset as preset
